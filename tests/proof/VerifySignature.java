import java.io.File;
import java.io.FileInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Verifies the signature of a manifest with the JDK's own XML Signature: java VerifySignature.java manifest.xml certificate.pem */
public class VerifySignature {
    static final String DS = "http://www.w3.org/2000/09/xmldsig#";
    static final String XADES = "http://uri.etsi.org/01903/v1.3.2#";

    public static void main(String[] arguments) throws Exception {
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        builders.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        Document document = builders.newDocumentBuilder().parse(new File(arguments[0]));
        X509Certificate certificate;
        try (FileInputStream stream = new FileInputStream(arguments[1])) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
        declareId(document.getElementsByTagNameNS(DS, "KeyInfo"));
        declareId(document.getElementsByTagNameNS(XADES, "SignedProperties"));
        NodeList signatures = document.getElementsByTagNameNS(DS, "Signature");
        DOMValidateContext context = new DOMValidateContext(certificate.getPublicKey(), signatures.item(0));
        XMLSignature signature = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
        boolean valid = signatures.getLength() == 1 && signature.validate(context);
        int good = 0;
        for (Reference reference : signature.getSignedInfo().getReferences()) {
            good += reference.validate(context) ? 1 : 0;
        }
        System.out.println((valid ? "valid" : "invalid") + " " + good + "/" + signature.getSignedInfo().getReferences().size());
        System.exit(valid ? 0 : 1);
    }

    static void declareId(NodeList elements) {
        for (int index = 0; index < elements.getLength(); index++) {
            Element element = (Element) elements.item(index);
            if (element.hasAttribute("Id")) {
                element.setIdAttribute("Id", true);
            }
        }
    }
}
